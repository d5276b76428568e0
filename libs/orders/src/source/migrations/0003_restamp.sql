-- Up Migration
-- A dump brings the stamps of the cluster it was made in, since its triggers come after its rows. A stamp that this cluster
-- has not given yet would keep its row from being read for as long: an update of such a stamp gives the row a new one.
-- A stamp of this cluster is never changed.
create or replace function orders_stamp_transaction_id() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' or old.transaction_id >= pg_snapshot_xmax(pg_current_snapshot()) then
    new.transaction_id := pg_current_xact_id();
  else
    new.transaction_id := old.transaction_id;
  end if;
  return new;
end
$$;
