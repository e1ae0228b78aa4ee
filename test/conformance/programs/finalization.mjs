// FinalizationRegistry and WeakRef as far as no collector decides: registrations, tokens, errors, subclasses, what is printed.
const told = [];
const registry = new FinalizationRegistry((held) => told.push(held));
const targets = Array.from({ length: 4 }, (_, i) => ({ name: `target ${i}` }));
const token = { kind: 'token' };
for (const [i, target] of targets.entries()) registry.register(target, i, i % 2 ? token : undefined);
registry.register(targets[0], 'again', targets[0]);
const count = (n) => {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += i;
  return sum;
};
console.log(registry.unregister({}), count(3), registry.unregister(token), registry.unregister(token), registry.unregister(targets[0]));
const tries = {
  'no new': () => FinalizationRegistry(() => {}),
  'no cleanup': () => new FinalizationRegistry(),
  'no target': () => registry.register(1, 2),
  'target is held': () => registry.register(token, token),
  'no token': () => registry.register({}, 1, 'text'),
  'nothing to unregister': () => registry.unregister(),
  'no registry': () => FinalizationRegistry.prototype.register.call({}, {}, 1),
  'no registry either': () => FinalizationRegistry.prototype.unregister.call(new Map(), {}),
  'no reference': () => WeakRef.prototype.deref.call({}),
};
for (const [name, run] of Object.entries(tries)) {
  try {
    console.log(name, run());
  } catch (error) {
    console.log(name, error.name, error.message, count(2));
  }
}
class Counted extends FinalizationRegistry {
  #registered = 0;
  register(...args) {
    this.#registered += count(2);
    return super.register(...args);
  }
  get registered() {
    return this.#registered;
  }
}
const counted = new Counted(() => {});
counted.register(targets[1], 1);
counted.register(targets[2], 2, token);
console.log(counted.registered, counted.unregister(token), counted instanceof FinalizationRegistry, Object.prototype.toString.call(counted));
console.log(registry, counted, String(FinalizationRegistry), FinalizationRegistry.length, FinalizationRegistry.name);
console.log(FinalizationRegistry.prototype.register.length, Object.getOwnPropertyNames(FinalizationRegistry.prototype).join());
const ref = new WeakRef(targets[3]);
console.log(count(3), ref.deref() === targets[3], String(WeakRef.prototype.deref), ref instanceof WeakRef);
console.log(told.length, targets.length, registry.constructor === FinalizationRegistry);
