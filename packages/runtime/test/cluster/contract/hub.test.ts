import { busContract } from './bus-contract.js';
import { startHub } from './servers.js';

busContract('embedded hub', startHub, false);
