// Functions of one parameter with a default that makes a closure or calls: setters may not have a rest parameter in its place.
var x = 'outside';
let probeParams;
let probeBody;
const step = (value) => value;
class Holder {
  set a(_ = (probeParams = () => x)) {
    var x = 'inside';
    for (let i = 0; i < 2; i++) step(i);
    probeBody = () => step(x);
  }
  static set b(value = step(step('default'))) {
    this.seen = [...(this.seen ?? []), step(value)];
  }
  set [step('c')]({ p = step(1), q = () => p } = {}) {
    this.kept = q;
  }
}
const literal = {
  set d(value = (() => step('made'))()) {
    this.kept = step(value);
  },
};
for (let i = 0; i < 2; i++) {
  const holder = new Holder();
  holder.a = undefined;
  Holder.b = undefined;
  Holder.b = i;
  holder.c = i ? undefined : { p: 'given' };
  literal.d = i ? 'given' : undefined;
  console.log(probeParams(), probeBody(), Holder.seen, holder.kept(), literal.kept);
}
const one = (value = () => step(x)) => value;
const descriptors = Object.getOwnPropertyDescriptors(Holder.prototype);
console.log(one()(), one(2), one.length, descriptors.a.set.length, descriptors.c.set.length);
