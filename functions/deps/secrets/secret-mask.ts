import { type SecretMask, secretMask } from '../../../shared/domain/secret-mask.ts'
import { maskOutput } from '../../telemetry/mask-output.ts'
import { once } from '../once.ts'

/** The mask of this process: it knows each secret that was read in it. */
export const mask = (): SecretMask => once('secretMask', secretMask)

/** Masks a secret in all that leaves this process from now on. */
export const learnSecret = (name: string, text: string): void => mask().learn(name, text)

/** Puts the mask before what this process writes. Before the first secret is read: code may keep a function that writes. */
export const maskThisProcess = (): void => maskOutput(mask())
