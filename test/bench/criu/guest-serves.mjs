/**
 * A program that is moved: a TCP server that sends back what it gets, and beats.
 *   node guest-serves.mjs PORT FOLDER
 */
import net from 'node:net';
import { beatOn, ready, result } from './beats.mjs';

const [port, folder] = process.argv.slice(2);
const sockets = new Set();
let bytes = 0;
let errors = 0;

const server = net.createServer((socket) => {
  sockets.add(socket);
  socket.on('data', (chunk) => {
    bytes += chunk.length;
    socket.write(chunk);
  });
  socket.on('error', () => errors++);
  socket.on('close', () => sockets.delete(socket));
});

server.listen(Number(port), '0.0.0.0', () => {
  ready(folder, {});
  beatOn(folder, () => {
    result(folder, { wrong: errors === 0 ? [] : [`${errors} connections had errors`], bytes });
    server.close();
    for (const socket of sockets) socket.destroy();
  });
});
