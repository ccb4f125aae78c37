-- What is said in each scene, and when: the spoken lines with their places, as domain/speech.py has them. Null until the
-- scene is narrated; a scene whose lines change is narrated anew. The sound itself is in S3. `film_seconds` is how long
-- the scene then has to be so that nothing of it is cut off (domain/fitting.py); its picture is made to last as long.

alter table job_scenes
  add column speech jsonb check (jsonb_typeof(speech) = 'array'),
  add column film_seconds double precision check (film_seconds > 0),
  add constraint job_scenes_narrated_whole check ((speech is null) = (film_seconds is null));
