/** Length of every stored embedding: CLIP ViT-B/32's projection, which the server's table is made for. */
export const EMBEDDING_DIMENSION = 512;
