// Texts of direct evals that V8 refuses.
for (let i = 0; i < 20; i++);
for (const bad of ['let tick2; let tick2', 'var blocked', 'return 1', 'super.x', '1 +', 'await x y']) {
  try { let blocked = 1; { console.log('ran', eval(bad)); } } catch (e) { console.log(e.name, e.message); }
}
