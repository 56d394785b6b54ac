-- Rankings rest on what marks are harmonised by, and on whether they are. The statements are told apart by empty lines.

CREATE TRIGGER app_note_harmonisations_added AFTER INSERT ON harmonisations BEGIN INSERT INTO ranking_changes (intake_id, shard, institution_id, changes) VALUES (NEW.intake_id, 0, NEW.institution_id, 1) ON CONFLICT (intake_id, shard) DO UPDATE SET changes = changes + 1; END

CREATE TRIGGER app_note_harmonisations_gone AFTER DELETE ON harmonisations BEGIN INSERT INTO ranking_changes (intake_id, shard, institution_id, changes) VALUES (OLD.intake_id, 0, OLD.institution_id, 1) ON CONFLICT (intake_id, shard) DO UPDATE SET changes = changes + 1; END

CREATE TRIGGER app_note_harmonisations_changed AFTER UPDATE ON harmonisations BEGIN INSERT INTO ranking_changes (intake_id, shard, institution_id, changes) VALUES (NEW.intake_id, 0, NEW.institution_id, 1) ON CONFLICT (intake_id, shard) DO UPDATE SET changes = changes + 1; END

CREATE TRIGGER app_note_choices_added AFTER INSERT ON mark_choices BEGIN INSERT INTO ranking_changes (intake_id, shard, institution_id, changes) VALUES (NEW.intake_id, 0, NEW.institution_id, 1) ON CONFLICT (intake_id, shard) DO UPDATE SET changes = changes + 1; END

CREATE TRIGGER app_note_choices_gone AFTER DELETE ON mark_choices BEGIN INSERT INTO ranking_changes (intake_id, shard, institution_id, changes) VALUES (OLD.intake_id, 0, OLD.institution_id, 1) ON CONFLICT (intake_id, shard) DO UPDATE SET changes = changes + 1; END

CREATE TRIGGER app_note_choices_changed AFTER UPDATE ON mark_choices BEGIN INSERT INTO ranking_changes (intake_id, shard, institution_id, changes) VALUES (NEW.intake_id, 0, NEW.institution_id, 1) ON CONFLICT (intake_id, shard) DO UPDATE SET changes = changes + 1; END
