/**
 * How many requests a listener has not answered yet.
 *
 * @module
 */

/** Counts requests, and says when none is left. */
export class RequestsUnderWay {
  #count = 0;
  #onNone: (() => void) | null = null;

  /** Counts a request until its promise ends. */
  until<T>(answer: Promise<T>): Promise<T> {
    this.#count++;
    answer.then(this.#onEnd, this.#onEnd);
    return answer;
  }

  readonly #onEnd = (): void => {
    this.#count--;
    if (this.#count === 0) this.#onNone?.();
  };

  /** Counts a response from now on until its body has been sent or given up. */
  whileSent(response: Response): Response {
    const { body } = response;
    if (body === null) return response;
    const { promise, resolve } = Promise.withResolvers<void>();
    void this.until(promise);
    return new Response(tellEnd(body, resolve), response);
  }

  /** Resolves to whether none is left, after `waitMsMax` at the latest. */
  async none(waitMsMax: number): Promise<boolean> {
    if (this.#count === 0) return true;
    return await new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), waitMsMax);
      this.#onNone = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }
}

function tellEnd(body: ReadableStream<Uint8Array>, onEnd: () => void): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await reader.read().catch((error: unknown) => {
        onEnd();
        throw error;
      });
      if (!done) return controller.enqueue(value);
      onEnd();
      controller.close();
    },
    async cancel(reason) {
      onEnd();
      await reader.cancel(reason);
    },
  }, { highWaterMark: 0 });
}
