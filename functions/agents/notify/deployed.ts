/** The agent with the role of its function: the module that the bundle of its function begins with. */
import { callAws } from '../../adapters/signed-call.ts'
import { notifyAgent } from './notify-agent.ts'

export default notifyAgent(callAws)
