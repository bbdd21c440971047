import { PacelineError } from '../../src/base/errors.ts';

/** The same call, telling of each error: its code says more than the outcome. */
export function watched<A extends unknown[], T>(
  call: (...args: A) => Promise<T>,
  onError: (error: PacelineError) => void,
): (...args: A) => Promise<T> {
  return async (...args) => {
    try {
      return await call(...args);
    } catch (error) {
      if (error instanceof PacelineError) onError(error);
      throw error;
    }
  };
}
