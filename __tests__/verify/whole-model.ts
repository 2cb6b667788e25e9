import { open } from 'node:fs/promises';
import { fields, Writer } from '../../lib/onnx/protobuf.js';
import { GraphProto, ModelProto, TensorProto } from '../../lib/onnx/fields.js';
import { tensorView } from '../../lib/onnx/tensor.js';
import type { BoundGraph } from '../../lib/models/index.js';

/** The same model as one file: every weight of the checkpoint inside the graph, as an export has them. */
export async function wholeModel({ bytes }: BoundGraph, checkpoint: string, to: string): Promise<void> {
  const file = await open(checkpoint, 'r');
  const graph = new Writer();
  const model = new Writer();
  for (const field of fields(bytes)) {
    if (field.wire !== 2) model.int(field.number, field.value);
    else if (field.number !== ModelProto.graph) model.bytes(field.number, field.bytes);
    else {
      for (const part of fields(field.bytes)) {
        const view = part.number === GraphProto.initializer ? tensorView(part.bytes) : null;
        if (!view?.external) {
          graph.bytes(part.number, part.bytes);
          continue;
        }
        const raw = Buffer.alloc(view.external.length!);
        await file.read(raw, 0, raw.length, view.external.offset);
        const tensor = new Writer();
        for (const dim of view.dims) tensor.int(TensorProto.dims, dim);
        graph.bytes(
          part.number,
          tensor.int(TensorProto.dataType, 1).bytes(TensorProto.name, view.name).bytes(TensorProto.rawData, raw),
        );
      }
    }
  }
  await file.close();
  const out = await open(to, 'w');
  await out.write(model.bytes(ModelProto.graph, graph).finish());
  await out.close();
}
