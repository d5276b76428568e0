-- Up Migration
-- Words of the product, for searches (words.ts spells the same expression). A long product is searched by its beginning:
-- an index must never refuse a row.
CREATE INDEX orders_words ON orders
  USING gin (to_tsvector('simple', translate(left(product, 1000), '.,;:-_/@+%&=<>#~*''"', '                   ')));

-- Down Migration
DROP INDEX orders_words;
