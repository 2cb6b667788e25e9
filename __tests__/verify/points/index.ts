import type { Point } from '../check.js';
import { point as point1 } from './1.js';
import { point as point2 } from './2.js';
import { point as point3 } from './3.js';
import { point as point4 } from './4.js';
import { point as point5 } from './5.js';
import { point as point6 } from './6.js';
import { point as point7 } from './7.js';
import { point as point8 } from './8.js';
import { point as point9 } from './9.js';
import { point as point10 } from './10.js';
import { point as point16 } from './16.js';
import { point as point17 } from './17.js';
import { point as point18 } from './18.js';
import { point as point19 } from './19.js';
import { point as point20 } from './20.js';
import { point as point21 } from './21.js';
import { point as point22 } from './22.js';
import { point as point23 } from './23.js';
import { point as point25 } from './25.js';
import { point as point26 } from './26.js';

/** What has to be shown, in order. */
export const points: readonly Point[] = [
  ...[point1, point2, point3, point4, point5],
  ...[point6, point7, point8, point9, point10],
  ...[point16, point17, point18, point19, point20, point21, point22, point23, point25, point26],
];
