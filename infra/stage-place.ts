/** Problems in stage files and options: reported without a stack trace. */
export class StageError extends Error {}

type Place = { account?: string | undefined; region?: string | undefined }

/** Throws StageError when the stage names another account or region than the target of the deployment. */
export function requirePlace(stage: Place, place: Place): void {
  const wrong = (['account', 'region'] as const).filter((name) => {
    return stage[name] !== undefined && place[name] !== undefined && stage[name] !== place[name]
  })
  if (wrong.length === 0) return
  const told = wrong.map((name) => `${name} ${stage[name]}, and the credentials are of ${place[name]}`)
  throw new StageError(`this stage is of ${told.join('; of ')}: nothing is deployed`)
}
