/** A TCP server like any other: it answers each line in capitals, with the count of bytes this connection has sent so far. It knows nothing of Godwit. */
import net from 'node:net';

const server = net.createServer({ allowHalfOpen: true }, (socket) => {
  let rest = '';
  let receivedBytes = 0;
  socket.on('data', (bytes) => {
    receivedBytes += bytes.length;
    const lines = (rest + bytes.toString('latin1')).split('\n');
    rest = lines.pop();
    for (const line of lines) socket.write(`${line.toUpperCase()}\n`);
  });
  socket.on('end', () => {
    socket.end(`${receivedBytes} BYTES\n`);
    server.close();
  });
});
server.listen(Number(process.argv[2] ?? 0), () => console.log(`listening on port ${server.address().port}`));
