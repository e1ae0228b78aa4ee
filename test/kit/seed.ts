/** Properties are checked with another seed in each run, or with that of GODWIT_SEED (npm run test:long), which a failure names. */
import fc from 'fast-check';

const seed = Number(process.env.GODWIT_SEED);
if (Number.isInteger(seed) && seed > 0) fc.configureGlobal({ seed });
