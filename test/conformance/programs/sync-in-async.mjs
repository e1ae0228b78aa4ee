// Iterators that are not asynchronous, in `yield*` of async generators and in `for await`: what is asked of them, and in which order.
const log = [];
const say = (...parts) => log.push(parts.join(' '));
function iterable(results, methods) {
  const all = {
    next(value) {
      say('next', value, arguments.length);
      return told(results.shift());
    },
    return(value) {
      say('return', value, arguments.length);
      return told({ value, done: true });
    },
    throw(error) {
      say('throw', error, arguments.length);
      return told({ value: `thrown ${error}`, done: true });
    },
  };
  const iterator = Object.fromEntries(methods.map((name) => [name, all[name]]));
  return { [Symbol.iterator]: () => iterator };
}
const told = (result) =>
  typeof result !== 'object' || result instanceof Error
    ? result
    : {
        get value() {
          say('value');
          if (result.value instanceof Error) throw result.value;
          return result.value;
        },
        get done() {
          say('done');
          return result.done;
        },
      };

async function* delegates(list) {
  try {
    say('result', yield* list);
  } catch (error) {
    say('caught', error?.message ?? error);
  }
}
async function asked(results, methods, requests) {
  const generator = delegates(iterable(results, methods));
  for (const [how, value] of requests) {
    const { value: answer, done } = await generator[how](value).catch((error) => ({ value: error.message, done: 'failed' }));
    say('answer', answer, done);
  }
  console.log(log.splice(0).join(', '));
}
const two = () => [{ value: 1, done: false }, { value: Promise.resolve(2), done: false }, { value: 3, done: true }];
await asked(two(), ['next'], [['next', 'a'], ['next', 'b'], ['next', 'c']]); // biome-ignore format: in one line
await asked(two(), ['next', 'return'], [['next', 'a'], ['return', 'b'], ['next', 'c']]); // biome-ignore format: in one line
await asked(two(), ['next'], [['next', 'a'], ['return', 'b'], ['next', 'c']]); // biome-ignore format: in one line
await asked(two(), ['next', 'throw'], [['next', 'a'], ['throw', 'b'], ['next', 'c']]); // biome-ignore format: in one line
await asked(two(), ['next', 'return'], [['next', 'a'], ['throw', 'b'], ['next', 'c']]); // biome-ignore format: in one line
await asked([{ value: Promise.reject(new Error('no')), done: false }], ['next'], [['next']]);
await asked([{ value: new Error('getter'), done: false }], ['next'], [['next']]);
await asked([5], ['next'], [['next']]);
for (const results of [two(), [7], [{ value: new Error('getter'), done: false }]]) {
  try {
    for await (const value of iterable(results, ['next'])) say('loop', value);
  } catch (error) {
    say(error.name, error.message);
  }
  console.log(log.splice(0).join(', '));
}
