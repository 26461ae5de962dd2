type Answer = { Status: string; Reason?: string }

/** The responses of custom resources' functions, by the id in their response URL. */
export class CustomResourceAnswers {
  readonly #expected = new Map<string, (answer: Answer) => void>()

  /** Resolves when the custom resource with this id has answered. */
  expect(id: string): Promise<Answer> {
    const { promise, resolve } = Promise.withResolvers<Answer>()
    this.#expected.set(id, resolve)
    return promise
  }

  /** `body` is the JSON that the function sent; a response that is not expected is ignored. */
  take(id: string, body: string): void {
    this.#expected.get(id)?.(JSON.parse(body) as Answer)
    this.#expected.delete(id)
  }
}
