/** An answer is longer than its reader allows. */
export class AnswerTooLong extends Error {
  override readonly name: string = 'AnswerTooLong';

  constructor(maxBytes: number) {
    super(`longer than ${maxBytes} bytes`);
  }
}

/** The whole body of an answer; `onPiece` hears of each piece. Throws AnswerTooLong as soon as there is more, and what the connection throws. */
export async function readBody(response: Response, maxBytes: number, onPiece?: () => void): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    onPiece?.();
    size += chunk.byteLength;
    // Leaving the loop cancels the rest.
    if (size > maxBytes) throw new AnswerTooLong(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
