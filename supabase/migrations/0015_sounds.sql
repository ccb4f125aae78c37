-- Since when the sound of the job's video is in storage, or on its way there; null when there is none. It is written down
-- first, so that no crash leaves a sound that nothing names.
alter table jobs add column sound_stored_at timestamptz;
create index jobs_with_sound on jobs (finished_at) where sound_stored_at is not null;
