/** The agent of conversations with what its function may read: the module that the bundle of its function begins with. */
import { converseAgent } from '../../../shared/host/converse/converse-agent.ts'
import { agents } from '../../deps/registry-ports.ts'
import { taskPorts } from '../../deps/task-ports.ts'

export default converseAgent(() => ({ agents: agents(), tasks: taskPorts().tasks }))
