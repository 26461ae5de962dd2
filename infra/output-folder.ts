import { resolve } from 'node:path'
import { Stage as Assembly } from 'aws-cdk-lib'
import type { Construct } from 'constructs'

/** The folder of the cloud assembly: the CDK's CLI sets it, otherwise the app has a temporary one. */
export function outputFolderOf(scope: Construct): string {
  const assembly = scope.node.scopes.findLast((one) => Assembly.isStage(one))
  if (!assembly) throw new Error('an orchestrator is made in an App of the CDK, or in a Stage of one')
  // The CDK's CLI gives a path relative to the current folder; bundling runs in another.
  return resolve(assembly.outdir)
}
