-- Who works on this store now. A process that ends removes its row; that of one that died is removed by the others.
CREATE TABLE processes (
  pipeline text NOT NULL,
  role text NOT NULL,
  worker text NOT NULL,
  host text NOT NULL,
  started_at timestamptz NOT NULL,
  seen_at timestamptz NOT NULL,
  state jsonb NOT NULL,
  PRIMARY KEY (pipeline, role, worker)
);
