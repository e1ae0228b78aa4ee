/** A CPU-heavy program like any other: planets in orbit, step by step, with a closure, a class and a Map in play. It knows nothing of Godwit. */
class Body {
  #energy = 0;
  constructor(name, mass, position, velocity) {
    Object.assign(this, {
      name,
      mass,
      x: position[0],
      y: position[1],
      z: position[2],
      vx: velocity[0],
      vy: velocity[1],
      vz: velocity[2],
    });
  }
  measure() {
    this.#energy = 0.5 * this.mass * (this.vx ** 2 + this.vy ** 2 + this.vz ** 2);
    return this.#energy;
  }
}

const bodies = [
  new Body('sun', 39.47841760435743, [0, 0, 0], [0, 0, 0]),
  new Body(
    'jupiter',
    0.03769367487038949,
    [4.841431442464721, -1.1603200440274284, -0.10362204447112311],
    [0.606326392995832, 2.81198684491626, -0.02521836165988763],
  ),
  new Body(
    'saturn',
    0.011286326131968767,
    [8.34336671824458, 4.124798564124305, -0.4035234171143214],
    [-1.0107743461787924, 1.8256623712304119, 0.008415761376584154],
  ),
  new Body(
    'uranus',
    0.0017237240570597112,
    [12.894369562139131, -15.111151401698631, -0.22330757889265573],
    [1.0827910064415354, 0.8687130181696082, -0.010832637401363636],
  ),
];
const passes = new Map();

function advance(dt) {
  for (let i = 0; i < bodies.length; i++) {
    const a = bodies[i];
    for (let j = i + 1; j < bodies.length; j++) {
      const b = bodies[j];
      const dx = a.x - b.x;
      const dy = a.y - b.y;
      const dz = a.z - b.z;
      const d2 = dx * dx + dy * dy + dz * dz;
      const pull = dt / (d2 * Math.sqrt(d2));
      a.vx -= dx * b.mass * pull;
      a.vy -= dy * b.mass * pull;
      a.vz -= dz * b.mass * pull;
      b.vx += dx * a.mass * pull;
      b.vy += dy * a.mass * pull;
      b.vz += dz * a.mass * pull;
    }
  }
  for (const body of bodies) {
    const before = body.y;
    body.x += dt * body.vx;
    body.y += dt * body.vy;
    body.z += dt * body.vz;
    if (before < 0 && body.y >= 0) passes.set(body.name, (passes.get(body.name) ?? 0) + 1);
  }
}

const report = (
  (count) => () =>
    `report ${++count}: energy ${bodies.reduce((sum, body) => sum + body.measure(), 0).toFixed(12)}`
)(0);
for (let year = 1; year <= 20; year++) {
  for (let step = 0; step < 1_500_000; step++) advance(0.0001);
  console.log(report(), [...passes].map(([name, n]) => `${name} ${n}`).join(' '));
}
