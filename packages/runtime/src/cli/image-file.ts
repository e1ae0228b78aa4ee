/** Image files as arguments of commands: read and verified whole, or one line that says what is wrong with which file. */

import { readFileSync, statSync } from 'node:fs';
import { GodwitError, messageOf } from '@godwit/checkpoint/base';
import { nodeLimits } from '../node/limits.js';
import { decodeProcessImage, type ProcessImage } from '../node/process-image.js';

/** @throws GODWIT_NO_IMAGE, GODWIT_IMAGE_* */
export async function readImageFile(file: string): Promise<{ bytes: Uint8Array; image: ProcessImage }> {
  const bytes = readBytes(file);
  try {
    return { bytes, image: await decodeProcessImage(bytes) };
  } catch (error) {
    if (!(error instanceof GodwitError)) throw error;
    throw new GodwitError(error.code, `"${file}": ${error.message}`, { cause: error, fields: error.fields });
  }
}

function readBytes(file: string): Uint8Array {
  try {
    const { size } = statSync(file);
    if (size > nodeLimits.imageBytes) throw new Error(`it has ${size} bytes, at most ${nodeLimits.imageBytes} can be read`);
    return readFileSync(file);
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new GodwitError('GODWIT_NO_IMAGE', `Cannot read image "${file}": ${isMissing ? 'no such file' : messageOf(error)}`);
  }
}
