import type { HttpResponse } from '../../web/http.ts';

/** A refusal that brings its answer along; its message goes on the record as the reason. */
export class AnsweredRefusal extends Error {
  override readonly name = 'AnsweredRefusal';
  readonly answer: HttpResponse;

  constructor(reason: string, answer: HttpResponse) {
    super(reason);
    this.answer = answer;
  }
}
