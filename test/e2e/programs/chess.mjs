// chess.js from npm: counts the positions that can be reached, from the start and from positions known for their special moves.
import { Chess } from 'chess.js';

const depth = 3;
const times = Number(process.argv[2] ?? 1);
const positions = [
  'rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1',
  'r3k2r/p1ppqpb1/bn2pnp1/3PN3/1p2P3/2N2Q1p/PPPBBPPP/R3K2R w KQkq - 0 1',
  '8/2p5/3p4/KP5r/1R3p1k/8/4P1P1/8 w - - 0 1',
];

function count(chess, left) {
  const moves = chess.moves();
  if (left === 1) return moves.length;
  let sum = 0;
  for (const move of moves) {
    chess.move(move);
    sum += count(chess, left - 1);
    chess.undo();
  }
  return sum;
}

for (let time = 0; time < times; time++) {
  for (const position of positions) {
    const chess = new Chess(position);
    for (let left = 1; left <= depth; left++) console.log(left, count(chess, left));
    console.log(chess.ascii());
  }
}
