import { type AnswerPart, aboutTokens, type Converse, lastText } from './converse.ts'
import { type ForwardTarget, forward } from './forward.ts'
import { BedrockError, playAnswer } from './play-answer.ts'
import { type Script, ScriptPlayer } from './script.ts'
import { ScriptError, ScriptFile } from './script-file.ts'

/** Where the models of the local cloud get their answers: a script first, then a server. */
export type ModelSource = {
  script?: Script | undefined
  /** A file with a script, which is read again when it was changed. */
  scriptFile?: string | undefined
  /** The address of a server that speaks OpenAI's chat completions. */
  url?: string | undefined
  /** The id of the model there; its first by default. */
  model?: string | undefined
}

/** Language models of the local cloud, by what Bedrock's data plane takes and answers. */
export class BedrockRuntimeService {
  readonly #script: { player(): Promise<ScriptPlayer> } | undefined
  readonly #target: ForwardTarget | undefined

  private constructor(
    script: { player(): Promise<ScriptPlayer> } | undefined,
    target: ForwardTarget | undefined,
  ) {
    this.#script = script
    this.#target = target
  }

  /** Throws ScriptError that names the script and what is wrong in it. */
  static async open({ script, scriptFile, url, model }: ModelSource = {}): Promise<BedrockRuntimeService> {
    return new BedrockRuntimeService(
      script ? playing(new ScriptPlayer(script)) : scriptFile ? await ScriptFile.open(scriptFile) : undefined,
      url ? { url, model: model || undefined } : undefined,
    )
  }

  /** The parts of an answer, as they come. Throws BedrockError before the first part, or after it. */
  async *answer(model: string, request: Converse, signal: AbortSignal): AsyncGenerator<AnswerPart> {
    const text = lastText(request)
    const player = await this.#script?.player().catch((error: unknown) => {
      throw error instanceof ScriptError ? new BedrockError('ValidationException', error.message) : error
    })
    const scripted = player?.next(model, text)
    if (scripted) return yield* playAnswer(scripted, request, signal)
    if (this.#target) return yield* forward(this.#target, request, signal)
    const why = player
      ? `no rule of the script fits the model ${model} and ${JSON.stringify(text.slice(0, 100))}: add one`
      : 'the local cloud has no models: set ORCHESTRATOR_MODEL_URL to an OpenAI-compatible server, such as http://localhost:11434/v1, or ORCHESTRATOR_MODEL_SCRIPT to a file of answers, and start it again'
    throw new BedrockError('ValidationException', why)
  }

  /** About the tokens of a request: one for four bytes. */
  countTokens({ system, messages, toolConfig }: Converse): number {
    return aboutTokens([system, messages, toolConfig?.tools])
  }
}

const playing = (player: ScriptPlayer) => ({ player: async () => player })
