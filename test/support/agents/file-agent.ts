import { createHash } from 'node:crypto'
import * as z from 'zod'
import { defineAgent, FileReferenceSchema, RetryableError } from '../../../shared/agent/index.ts'

const MIB = 1024 * 1024

/**
 * Takes the place of `echo`: writes a file of so many bytes as a stream and says by how much its process grew meanwhile, or reads one and
 * says what is in it; `peakMib` is the most memory that the process has ever had: code, heap and buffers.
 */
export default defineAgent({
  id: 'echo',
  version: '1.0.0',
  description: 'Writes and reads files',
  limits: { timeoutSeconds: 300 },
  capabilities: {
    echo: {
      description: 'Writes or reads a file',
      input: z.object({
        write: z.string().optional(),
        mib: z.number().default(0),
        read: FileReferenceSchema.optional(),
        failures: z.number().default(0),
        dies: z.boolean().default(false),
      }),
      output: z.looseObject({}),
    },
  },
  async execute({ input }, { files, attempt }) {
    const { write, mib, read, failures, dies } = input as {
      write?: string
      mib: number
      read?: { $file: string }
      failures: number
      dies: boolean
    }
    const before = process.memoryUsage.rss()
    let peak = before
    const hash = createHash('sha256')
    const see = (chunk: Uint8Array): void => {
      hash.update(chunk)
      peak = Math.max(peak, process.memoryUsage.rss())
    }
    const memory = () => ({
      grownMib: (peak - before) / MIB,
      peakMib: process.resourceUsage().maxRSS / 1024,
    })
    if (read) {
      const { body, ...told } = await files.read(read)
      let bytes = 0
      for await (const chunk of body as AsyncIterable<Uint8Array>) {
        see(chunk)
        bytes += chunk.length
      }
      return { ...told, read: bytes, sha256: hash.digest('hex'), ...memory() }
    }
    async function* content() {
      for (let at = 0; at < mib * 16; at++) {
        const chunk = Buffer.alloc(MIB / 16, `${at},`)
        see(chunk)
        yield chunk
        if (dies && attempt === 1 && at === mib * 8) process.exit(1)
      }
    }
    const file = await files.write(write ?? 'file', content())
    if (attempt <= failures) throw new RetryableError(`attempt ${attempt} fails`)
    return { file, sha256: hash.digest('hex'), ...memory() }
  },
})
