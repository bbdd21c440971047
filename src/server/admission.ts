import { assert } from '../base/assert.ts';
import { PacelineError } from '../base/errors.ts';
import type { HttpLimits } from './options.ts';

type AdmissionLimits = Pick<HttpLimits, 'requestsMax' | 'bodiesBytesMax'>;

/** Counts the requests under way and the bytes that their bodies may take, before reading any. */
export class Admission {
  readonly #limits: AdmissionLimits;
  #requests = 0;
  #bytes = 0;

  constructor(limits: AdmissionLimits) {
    this.#limits = limits;
  }

  get requests(): number {
    return this.#requests;
  }

  /** Takes a place for a request of up to `bytes`; throws OVERLOADED when there is none. Pair with `leave`. */
  enter(bytes: number): void {
    assert(bytes >= 0, `negative body size ${bytes}`);
    const { requestsMax, bodiesBytesMax } = this.#limits;
    if (this.#requests >= requestsMax)
      throw overloaded(`${requestsMax} requests are under way (requestsMax)`);
    // A body larger than the bound may still come in when it is alone.
    if (this.#requests > 0 && this.#bytes + bytes > bodiesBytesMax)
      throw overloaded(`requests of ${bodiesBytesMax} bytes are under way (bodiesBytesMax)`);
    this.#requests += 1;
    this.#bytes += bytes;
  }

  leave(bytes: number): void {
    this.#requests -= 1;
    this.#bytes -= bytes;
    assert(this.#requests >= 0 && this.#bytes >= 0, 'a request left twice');
  }
}

function overloaded(why: string): PacelineError {
  return new PacelineError('OVERLOADED', `${why}; nothing was done, try again in a moment`);
}
