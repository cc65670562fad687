import { type Scene } from '../scene';
import { beach } from './beach';
import { car } from './car';
import { city } from './city';
import { daisies } from './daisies';
import { forest } from './forest';
import { mountain } from './mountain';
import { reef } from './reef';
import { sunset } from './sunset';

/** In the order they are shown; neighbours differ in colour and in kind. */
export const SCENES: readonly Scene[] = [beach, car, mountain, forest, city, daisies, reef, sunset];
