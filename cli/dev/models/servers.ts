import { type Ask, type FoundModel, foundModel, idsIn, listIn, recordIn, sizeIn } from './found-model.ts'

/** `wanted` is the id of a model; the server's first that generates text by default. */
type Asking = { origin: URL; ask: Ask; wanted: string | undefined }
type Server = (asking: Asking) => Promise<FoundModel | undefined>

/** What Ollama gives a model where neither it nor the server says more; longer prompts would be cut without a word. */
const OLLAMA_TOKENS = 4_096
/** Models that are asked whether they generate text: embeddings do not. */
const MOST_SHOWN = 4

export const ollama: Server = async ({ origin, ask, wanted }) => {
  const [tags, running] = await Promise.all([ask('/api/tags'), ask('/api/ps')])
  const loaded = listIn(running?.models)
  const known = [...new Set([...idsIn(loaded, 'name'), ...idsIn(listIn(tags?.models), 'name')])]
  const names =
    wanted === undefined ? known.slice(0, MOST_SHOWN) : known.filter((name) => isNamed(name, wanted))
  const shown = await Promise.all(
    names.map(async (name) => ({ name, facts: await ask('/api/show', { model: name }) })),
  )
  const usable = shown.find(({ facts }) => facts && generatesText(facts.capabilities))
  if (!usable?.facts) return undefined
  const { name, facts } = usable
  const now = loaded.find((one) => one.name === name)
  const contextTokens = sizeIn(now?.context_length) ?? contextOf(facts)
  return foundModel({ server: 'Ollama', origin, id: name, contextTokens })
}

const isNamed = (name: string, wanted: string): boolean => name === wanted || name === `${wanted}:latest`

/** Older servers do not say what a model can do. */
const generatesText = (capabilities: unknown): boolean =>
  !Array.isArray(capabilities) || capabilities.includes('completion')

function contextOf({ parameters, model_info }: Readonly<Record<string, unknown>>): number {
  const set = /^num_ctx\s+(\d+)\s*$/m.exec(typeof parameters === 'string' ? parameters : '')
  if (set) return Number(set[1])
  const info = recordIn(model_info)
  const most = sizeIn(info[`${String(info['general.architecture'])}.context_length`])
  return Math.min(most ?? OLLAMA_TOKENS, OLLAMA_TOKENS)
}

export const llamaCpp: Server = async ({ origin, ask, wanted }) => {
  const [props, models] = await Promise.all([ask('/props'), ask('/v1/models')])
  const settings = recordIn(props?.default_generation_settings)
  const [id] = idsIn(listIn(models?.data), 'id').filter((one) => wanted === undefined || one === wanted)
  if (props === undefined || id === undefined || !('n_ctx' in settings)) return undefined
  return foundModel({ server: 'llama.cpp', origin, id, contextTokens: sizeIn(settings.n_ctx) })
}

/** Any other: vLLM, LM Studio, gateways. They tell the context under names of their own, if at all. */
export const openaiCompatible: Server = async ({ origin, ask, wanted }) => {
  const answer = await ask(origin.pathname === '/' ? '/v1/models' : '/models')
  const models = listIn(answer?.data)
  const [id] = idsIn(models, 'id').filter((one) => wanted === undefined || one === wanted)
  const model = models.find((one) => one.id === id)
  if (id === undefined || !model) return undefined
  const told = CONTEXT_NAMES.map((name) => sizeIn(model[name])).find((size) => size !== undefined)
  return foundModel({ server: 'the server', origin, id, contextTokens: told })
}

const CONTEXT_NAMES = ['loaded_context_length', 'max_model_len', 'context_length', 'context_window']
