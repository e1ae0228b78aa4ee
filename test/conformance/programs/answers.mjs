// What built-ins answer later keeps a program alive until then, and what they refuse at once does not.
import crypto from 'node:crypto';
import fs from 'node:fs';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import zlib from 'node:zlib';

try { fs.readFile(undefined, () => {}); } catch (error) { console.log(error.code); }
fs.readFile('/no-such-file', (error) => {
  console.log('file', error.code);
  crypto.randomBytes(4, (_, bytes) => {
    console.log('random', bytes.length);
    zlib.gzip('text', (_, packed) => {
      console.log('gzip', zlib.gunzipSync(packed).toString());
      let sum = 0;
      for (let i = 0; i < 20; i++) sum += i;
      readFile('/no-such-file').catch((error) => {
        console.log('promise', error.code, sum);
        promisify(fs.stat)('/').then((found) => {
          console.log(found.isDirectory());
          fs.promises.access('/').then(() => process.on('exit', () => console.log('end')));
        });
      });
    });
  });
});
