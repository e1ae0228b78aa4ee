/** Maps 'godwit:host' to the loopback. */
export async function resolve(specifier, context, next) {
  if (specifier === 'godwit:host') return { url: new URL('./host-loopback.mjs', import.meta.url).href, shortCircuit: true };
  return next(specifier, context);
}
