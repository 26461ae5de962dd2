import type { Models } from '../../../../shared/ports/models.ts'

/** A model that is made anew whenever its key has changed, as when a secret is rotated. */
export function keyedModel(readKey: () => Promise<string>, make: (key: string) => Models): Models {
  let made: { key: string; model: Models } | undefined
  return {
    async generate(request) {
      const key = await readKey()
      if (made?.key !== key) made = { key, model: make(key) }
      return made.model.generate(request)
    },
  }
}
