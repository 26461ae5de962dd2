type Answer = { Status: string; Reason?: string }

/** What the functions of custom resources answer, by the id in the address that they were given. */
export class CustomResourceAnswers {
  readonly #expected = new Map<string, (answer: Answer) => void>()

  /** Resolves when the custom resource with this id has answered. */
  expect(id: string): Promise<Answer> {
    const { promise, resolve } = Promise.withResolvers<Answer>()
    this.#expected.set(id, resolve)
    return promise
  }

  /** `body` is the JSON that the function has sent; an answer that is not expected is left alone. */
  take(id: string, body: string): void {
    this.#expected.get(id)?.(JSON.parse(body) as Answer)
    this.#expected.delete(id)
  }
}
