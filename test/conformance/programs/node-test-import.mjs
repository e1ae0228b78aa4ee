// node:test, whose members refer to each other: imported and looked at, it keeps nothing from moving.
import { strict as assert } from 'node:assert';
import test, { describe, it, suite, test as named } from 'node:test';
import * as all from 'node:test';
import * as reporters from 'node:test/reporters';

assert.equal(test, named);
assert.equal(test.test, test);
assert.equal(test.it, test);
assert.equal(it, test);
assert.equal(suite, describe);
assert.equal(test.describe, describe);
assert.equal(all.default, test);
assert.equal(test.test.test.it, it);
console.log(test.name, test.length, describe.name, typeof test.only.test);
console.log(Object.keys(test).join(), Object.keys(all).join());
console.log(Object.keys(reporters).join());

const held = [test, describe];
let sum = 0;
for (let i = 0; i < 20; i++) sum += i;
await null;
console.log(sum, held[0] === all.test, held[1] === suite);
