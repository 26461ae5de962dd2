// The house's rule: which room may import which (docs/explanation/architecture.md). `npm run check` enforces it, and
// test/unit/infra/dependency-rule.test.ts plants violations to see that it does.

/** Everything in `from` may import only what `to` lists: paths of ours, packages, or Node's own modules. */
const only = (name, from, { ours = [], packages = [], node = false }, exceptFrom) => ({
  name,
  severity: 'error',
  comment: `${from} may import only ${[...ours, ...packages].join(', ')}${node ? ' and node:*' : ''}`,
  from: { path: from, ...(exceptFrom ? { pathNot: exceptFrom } : {}) },
  to: {
    pathNot: [
      ...ours.map((path) => `^${path}`),
      ...packages.flatMap((name) => [`node_modules/${name}/`, `node_modules/@types/${name}/`]),
    ],
    ...(node ? { dependencyTypesNot: ['core'] } : {}),
  },
})

/** What authors of agents write, as they would in a project of their own. The planner and the turns of conversations are parts of the orchestrator that are run as agents. */
const AUTHORED = '^(functions/agents/(?!(?:planner|converse)/|notify/deployed\\.ts)|examples/)'

/** What an adapter's methods ask AWS for, beside the adapter. */
const GRANTS = 'functions/adapters/.*\\.grants\\.ts$'

export default {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-cycle-of-rooms',
      comment:
        'rooms of shared/app stand above one another: move what both need into the lower one, or into shared/domain',
      severity: 'error',
      scope: 'folder',
      from: { path: '^shared/app/[^/]+$' },
      to: { circular: true },
    },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    only('domain', '^shared/domain/', { ours: ['shared/domain/'], packages: ['zod'] }),
    only('workflow', '^shared/workflow/', {
      ours: ['shared/workflow/', 'shared/domain/'],
      packages: ['zod', 'jsonata', '@noble/hashes', 'yaml'],
    }),
    only('ports', '^shared/ports/', { ours: ['shared/ports/', 'shared/domain/', 'shared/workflow/'] }),
    ...['planner', 'selector', 'estimator'].map((room) =>
      only(room, `^shared/${room}/`, {
        ours: [`shared/${room}/`, 'shared/domain/', 'shared/workflow/', 'shared/ports/'],
        packages: room === 'planner' ? ['zod', 'minisearch'] : ['zod'],
      }),
    ),
    only('compiler', '^shared/compiler/', {
      // A gate's state writes into the table of tasks itself.
      ours: ['compiler/', 'domain/', 'workflow/', 'ports/', 'contracts/table-layout\\.ts$'].map(
        (path) => `shared/${path}`,
      ),
      packages: ['zod'],
    }),
    only('contracts', '^shared/contracts/', {
      ours: ['shared/contracts/', 'shared/domain/', 'shared/workflow/'],
      packages: ['zod'],
    }),
    only('client', '^shared/client/', {
      ours: ['shared/client/', 'shared/contracts/', 'shared/domain/'],
      packages: ['zod'],
    }),
    only('agent', '^shared/agent/', {
      ours: ['shared/agent/', 'shared/domain/', 'shared/workflow/', 'shared/ports/'],
      packages: ['zod'],
    }),
    only('app', '^shared/app/', { ours: ['shared/'], packages: ['zod'] }),
    {
      name: 'limits',
      comment: 'what a task may spend knows nothing of how its steps go on',
      severity: 'error',
      from: { path: '^shared/app/limits/' },
      to: { path: '^shared/app/steps/' },
    },
    only('host', '^shared/host/', {
      ours: ['host', 'app', 'agent', 'contracts', 'ports', 'workflow', 'domain'].map(
        (room) => `shared/${room}/`,
      ),
      packages: ['zod'],
    }),
    {
      name: 'agents',
      comment: "an agent knows 'orchestrator/agent', its own files and its libraries, and no AWS",
      severity: 'error',
      from: { path: AUTHORED },
      to: {
        path: [
          '^shared/(?!agent/index\\.ts$)',
          '^functions/(?!agents/)',
          '^infra/(?!index\\.ts$)',
          '^local/',
          '^cli/',
          'node_modules/@aws-sdk/',
          'node_modules/@middy/',
        ],
      },
    },
    {
      name: 'agents-by-name',
      comment:
        "an agent imports 'orchestrator/agent' by that name, so that its file also works in a project of one's own",
      severity: 'error',
      from: { path: AUTHORED },
      to: { path: ['^shared/', '^infra/', '^testing/'], dependencyTypes: ['local'] },
    },
    only(
      'functions',
      '^functions/',
      {
        ours: ['functions/', 'shared/'],
        packages: [
          '@aws-sdk',
          '@smithy',
          'aws4fetch',
          '@ai-sdk',
          '@middy',
          '@aws-lambda-powertools',
          'aws-lambda',
          'jose',
          'zod',
        ],
        node: true,
      },
      '^functions/agents/(?!(?:planner|converse)/|notify/deployed\\.ts)',
    ),
    {
      name: 'jose-of-the-authorizer',
      comment: 'tokens are verified by one function, and no other carries the code for it',
      severity: 'error',
      from: { path: '^functions/', pathNot: '^functions/(adapters/oidc/|deps/identity/identity\\.ts$)' },
      to: { path: ['^node_modules/jose/', '^functions/adapters/oidc/'] },
    },
    // infra reads both, and must load no SDK with them.
    only('functions-catalogue', '^functions/(catalogue|ports|agent-ports|agents-with-ports)\\.ts$', {
      ours: ['functions/(agent-ports|ports)\\.ts$', GRANTS],
    }),
    only('grants', `^${GRANTS}`, {
      ours: [GRANTS, 'shared/contracts/', 'shared/domain/', 'shared/ports/'],
    }),
    only('infra', '^infra/', {
      // What infra deploys, and what that may do.
      ours: ['infra/', 'shared/', 'functions/(catalogue|ports|agent-ports|agents-with-ports)\\.ts$', GRANTS],
      packages: ['aws-cdk-lib', 'cdk-nag', 'constructs', 'esbuild', 'yaml', 'zod'],
      node: true,
    }),
    only('local', '^local/', {
      ours: ['local/', 'shared/'],
      packages: ['jsonata-asl', 'dynalite', 'abstract-level', 'yaml', 'zod'],
      node: true,
    }),
    only('testing', '^testing/', {
      ours: [
        'testing/',
        'shared/',
        'functions/adapters/',
        'functions/telemetry/until-exit.ts',
        'local/stepfunctions/',
        'local/dynamodb/remember-expressions.ts',
      ],
      packages: ['@aws-sdk', 'dynalite', 'zod'],
      node: true,
    }),
    only('cli', '^cli/', {
      ours: [
        'cli/',
        'shared/',
        'local/local-cloud.ts',
        'package.json',
        // What the project's agents offer, for warnings: none of these loads the CDK.
        'infra/load-catalogue.ts',
        'infra/sources-of.ts',
        'infra/unserved.ts',
      ],
      packages: [
        '@bomb.sh/tab',
        'chokidar',
        'diff',
        'commander',
        'log-update',
        'string-width',
        'yaml',
        'zod',
        'aws4fetch',
        '@aws-sdk/credential-providers',
      ],
      node: true,
    }),
    {
      name: 'apart',
      comment: 'what is shipped knows nothing of its tests, benches and scripts',
      severity: 'error',
      from: { path: '^(shared|functions|infra|local|cli|testing|examples|workflows|stages)/' },
      to: { path: '^(test|bench|scripts)/' },
    },
    {
      name: 'bench',
      comment: 'a bench runs what is shipped, with the worlds of tests where it needs one',
      severity: 'error',
      from: { path: '^bench/' },
      to: { path: ['^test/(?!support/|scenarios/)', '^cdk\\.out/'] },
    },
    {
      name: 'scripts',
      comment:
        'a script reads what is shipped; it needs no agent, and of the tests only the conformance cases that it runs',
      severity: 'error',
      from: { path: '^scripts/' },
      to: { path: ['^test/(?!conformance/)', '^functions/agents/', '^cdk\\.out/'] },
    },
    {
      name: 'test',
      comment: 'a test synthesizes what it looks at: an assembly that lies there is of another day',
      severity: 'error',
      from: { path: '^test/' },
      to: { path: '^cdk\\.out/' },
    },
  ],
  options: {
    parser: 'swc',
    doNotFollow: { path: ['node_modules', '^cdk\\.out/'] },
    exclude: { path: '^\\.orchestrator/' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'types'] },
  },
}
