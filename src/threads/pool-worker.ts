/** The script of the threads of a search pool. */
import { answerSearches } from './answer-searches.js';

await answerSearches();
