-- Who plays whom: a character of a script's cast speaks the lines of these speakers, as the script names them. Speakers
-- that stand with nobody are shared out by the director. A job's cast keeps them in its members.

alter table script_characters add column speakers text[] not null default '{}'
  check (cardinality(speakers) <= 100 and array_position(speakers, null) is null);
