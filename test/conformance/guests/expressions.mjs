function spin(n) { let h = 0; for (let i = 0; i < n; i++) h = (h * 31 + i) | 0; return h; }
const obj = { nested: { deep: [1, , 3] } };
var tagged = ((s) => s)`a${1}b`; let tg = 0; for (let i = 0; i < 3; i++) { const s2 = ((s) => s)`x${i}`; tg += s2.length; spin(1e7); } console.log(tagged, tg);
const [d1, { x: d2 = spin(1e7), ...d3 } = {}] = [spin(1e7), { y: 1, z: 2 }]; console.log(d1, d2, d3);
console.log('opt', obj?.nested?.deep?.map?.((v) => v + 1), null ?? spin(1e6), typeof undefinedThing);
const queue = [{ src: 'a' }, { src: 'b' }];
const pick = { text: 'c' };
pick.text ? ((pick.text += pick.text.trim()), (queue.at(-1).src = pick.text)) : queue.push(pick);
queue.at(0).src += pick.text;
[queue.at(0).first, pick.list] = ['x', queue.map((q) => q.src)];
console.log(queue, pick);
