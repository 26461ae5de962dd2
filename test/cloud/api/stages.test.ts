import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { App, CloudFormationValidatePlugin } from 'aws-cdk-lib'
import { afterAll, expect, it } from 'vitest'
import { copyProject } from '../../support/cloud/copy-project.ts'
import { ASSEMBLY } from '../../support/runner/synthesize-once.ts'

const project = copyProject({ validated: false, rulePacks: true })
afterAll(project.remove)
const templatesIn = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.template.json'))
    .map((name) => join(folder, name))
const ofType = (file: string, type: string) =>
  Object.values(project.template(file).Resources).filter((resource) => resource.Type === type)

it('takes a stage from its file, and single values from the command line', () => {
  project.write(
    'stages/staging.yaml',
    'prefix: staging\nlogRetentionDays: 90\nrequestsPerSecond: 5\ncallerRoles: [app]\ntags: { cost center: "12" }\nidentity: { keys: true }\nauditAnchorDays: 400\n',
  )
  const { status, stderr } = project.synthesize({
    stage: 'staging',
    logRetentionDays: '14',
    archiveEvents: 'false',
  })
  expect(stderr).toBe('')
  expect(status).toBe(0)
  const runtime = 'staging-runtime.template.json'
  const groups = ofType(runtime, 'AWS::Logs::LogGroup').map(({ Properties }) => Properties)
  expect(new Set(groups.map(({ RetentionInDays }) => RetentionInDays))).toEqual(new Set([14]))
  expect(ofType(runtime, 'AWS::ApiGatewayV2::Stage')[0]?.Properties).toMatchObject({
    DefaultRouteSettings: { ThrottlingRateLimit: 5, ThrottlingBurstLimit: 200 },
  })
  expect(ofType(runtime, 'AWS::IAM::ManagedPolicy')[0]?.Properties).toMatchObject({
    ManagedPolicyName: { 'Fn::Join': ['', ['staging-caller-', { Ref: 'AWS::Region' }]] },
    Roles: ['app'],
  })
  const [table] = ofType('staging-data.template.json', 'AWS::DynamoDB::Table')
  expect(table?.Properties.Tags).toEqual([
    { Key: 'application', Value: 'staging' },
    { Key: 'cost center', Value: '12' },
  ])
  const variables = ofType(runtime, 'AWS::Lambda::Function').map(({ Properties }) => {
    return Properties.Environment as { Variables: Record<string, string> }
  })
  const [tags] = variables.flatMap(({ Variables }) => Variables.MACHINE_TAGS ?? [])
  expect(JSON.parse(String(tags))).toEqual({ application: 'staging', 'cost center': '12' })
  // The archive stays in the template, switched off: removed, it would be retained and continue to record.
  const [archive] = ofType('staging-data.template.json', 'AWS::Events::Archive')
  expect(archive?.Properties.EventPattern).toEqual({
    'detail-type': [expect.stringContaining('switched off')],
  })
})

it('passes CloudFormation’s validation, in the default stage and in one with many other settings', {
  timeout: 120_000,
}, () => {
  const templates = [ASSEMBLY, project.out].map(templatesIn)
  expect(templates.map(({ length }) => length)).toEqual([3, 3])
  const data = readFileSync(join(project.out, 'staging-data.template.json'), 'utf8')
  const wrong = join(project.folder, 'wrong.template.json')
  writeFileSync(wrong, data.replaceAll('"PAY_PER_REQUEST"', '"PAY_PER_DAY"'))
  // Setting up the rules takes most of a validation, so there is one for all templates.
  const found = violationsOf([...templates.flat(), wrong])
  expect(new Set(found.map(({ file }) => file))).toEqual(new Set([wrong]))
  expect(found.map(({ description }) => description).join('\n')).toContain('PAY_PER_DAY')
})

it('reports every issue of a stage, and names the existing stages', () => {
  project.write('stages/wrong.yaml', 'prefix: my-team\nlogRetentionDays: 8\nretention: 3\n')
  const wrong = project.synthesize({ stage: 'wrong' })
  expect(wrong.status).toBe(2)
  expect(wrong.stderr).toContain('a prefix is a-z and 0-9')
  expect(wrong.stderr).toContain('CloudWatch Logs keeps logs for one of 1, 3, 5')
  expect(wrong.stderr).toContain('line 3, column 1: there is no field "retention"')
  expect(wrong.stderr).not.toContain('    at ')
  expect(project.synthesize({ stage: 'stagin' }).stderr).toBe(
    'there is no stages/stagin.yaml; did you mean "staging"? (known: default, staging, wrong)\n',
  )
  project.write('stages/wrong.yaml', 'prefix: [')
  expect(project.synthesize({ stage: 'wrong' }).stderr).toMatch(
    /^stages\/wrong.yaml is not YAML:\n {2}line 1, column 10: /,
  )
})

/** What CloudFormation's validation, which `cdk synth` runs too, finds wrong with templates. */
function violationsOf(files: readonly string[]): { file: string | undefined; description: string }[] {
  const stackTemplates = files.map((templatePath) => ({
    stackConstructPath: basename(templatePath),
    templatePath,
    accountId: undefined,
    region: undefined,
  }))
  const { violations } = new CloudFormationValidatePlugin().validate({
    templatePaths: [...files],
    stackTemplates,
    appConstruct: new App(),
  })
  return violations.flatMap(({ description, violatingResources }) =>
    violatingResources.map(({ templatePath: file }) => ({ file, description })),
  )
}
