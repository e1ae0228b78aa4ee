// matter-js: bodies falling, joined and pushed; Tau Prolog, whose code is sloppy, answering questions.
const Matter = require('matter-js');
const prolog = require('tau-prolog');
const { digest, random, rounds } = require('./rounds.cjs');

const { Bodies, Body, Composite, Composites, Constraint, Engine, Events, Query } = Matter;
const program = `
queens(N, Qs) :- range(1, N, Ns), select_all(Ns, [], Qs).
select_all([], Qs, Qs).
select_all(Left, Safe, Qs) :- pick(Q, Left, Rest), \\+ attacks(Q, 1, Safe), select_all(Rest, [Q|Safe], Qs).
attacks(Q, N, [Y|_]) :- Q is Y + N ; Q is Y - N.
attacks(Q, N, [_|Ys]) :- N1 is N + 1, attacks(Q, N1, Ys).
pick(X, [X|Xs], Xs).
pick(X, [Y|Ys], [Y|Zs]) :- pick(X, Ys, Zs).
range(N, N, [N]) :- !.
range(M, N, [M|Ns]) :- M < N, M1 is M + 1, range(M1, N, Ns).
`;

function ask(goal, most) {
  return new Promise((resolve, reject) => {
    const session = prolog.create(1e6);
    const answers = [];
    const next = () =>
      session.answer({
        success: (answer) => {
          answers.push(session.format_answer(answer));
          if (answers.length < most) next();
          else resolve(answers);
        },
        fail: () => resolve(answers),
        error: (error) => reject(new Error(String(error))),
        limit: () => reject(new Error('limit')),
      });
    session.consult(program, {
      success: () => session.query(goal, { success: next, error: (e) => reject(new Error(String(e))) }),
      error: (e) => reject(new Error(String(e))),
    });
  });
}

async function main() {
  for (let round = 0; round < rounds; round++) {
    const chance = random(round);
    Matter.Common._seed = round;
    Matter.Common._nextId = 0;
    const engine = Engine.create();
    const stack = Composites.pyramid(100, 100, 9, 9, 2, 2, (x, y) =>
      chance() < 0.5 ? Bodies.rectangle(x, y, 20, 20) : Bodies.polygon(x, y, 3 + Math.floor(chance() * 5), 12),
    );
    const chain = Composites.chain(
      Composites.stack(400, 50, 6, 1, 5, 5, (x, y) => Bodies.circle(x, y, 9)),
      0.5,
      0,
      -0.5,
      0,
      { stiffness: 0.8 },
    );
    Composite.add(engine.world, [
      stack,
      chain,
      Constraint.create({ pointA: { x: 400, y: 30 }, bodyB: chain.bodies[0] }),
      Bodies.rectangle(300, 500, 900, 40, { isStatic: true }),
    ]);
    let collisions = 0;
    Events.on(engine, 'collisionStart', ({ pairs }) => {
      collisions += pairs.length;
    });
    for (let step = 0; step < 200; step++) {
      Engine.update(engine, 1000 / 60);
      if (step % 40 === 0)
        Body.applyForce(stack.bodies[step % stack.bodies.length], { x: 0, y: 0 }, { x: chance() * 0.05, y: -0.02 });
    }
    const places = Composite.allBodies(engine.world)
      .map(({ position: { x, y }, angle }) => `${x.toFixed(5)} ${y.toFixed(5)} ${angle.toFixed(5)}`)
      .join();
    const hit = Query.ray(Composite.allBodies(engine.world), { x: 0, y: 480 }, { x: 600, y: 470 }).length;
    const answers = await ask(`queens(${5 + (round % 2)}, Qs).`, 3);
    console.log(round, collisions, hit, digest(places), answers.join(' '));
  }
}
main();
