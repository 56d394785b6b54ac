-- Rankings rest on what tests gave, on who went on, and on the answers from which points are computed. The statements are
-- told apart by empty lines.

CREATE TRIGGER app_note_results_added AFTER INSERT ON phase_results BEGIN INSERT INTO ranking_changes (intake_id, shard, institution_id, changes) VALUES (NEW.intake_id, 0, NEW.institution_id, 1) ON CONFLICT (intake_id, shard) DO UPDATE SET changes = changes + 1; END

CREATE TRIGGER app_note_results_gone AFTER DELETE ON phase_results BEGIN INSERT INTO ranking_changes (intake_id, shard, institution_id, changes) VALUES (OLD.intake_id, 0, OLD.institution_id, 1) ON CONFLICT (intake_id, shard) DO UPDATE SET changes = changes + 1; END

CREATE TRIGGER app_note_results_changed AFTER UPDATE ON phase_results BEGIN INSERT INTO ranking_changes (intake_id, shard, institution_id, changes) VALUES (NEW.intake_id, 0, NEW.institution_id, 1) ON CONFLICT (intake_id, shard) DO UPDATE SET changes = changes + 1; END

CREATE TRIGGER app_note_closings_added AFTER INSERT ON phase_closings BEGIN INSERT INTO ranking_changes (intake_id, shard, institution_id, changes) VALUES (NEW.intake_id, 0, NEW.institution_id, 1) ON CONFLICT (intake_id, shard) DO UPDATE SET changes = changes + 1; END

CREATE TRIGGER app_note_closings_gone AFTER DELETE ON phase_closings BEGIN INSERT INTO ranking_changes (intake_id, shard, institution_id, changes) VALUES (OLD.intake_id, 0, OLD.institution_id, 1) ON CONFLICT (intake_id, shard) DO UPDATE SET changes = changes + 1; END

CREATE TRIGGER app_note_closings_changed AFTER UPDATE ON phase_closings BEGIN INSERT INTO ranking_changes (intake_id, shard, institution_id, changes) VALUES (NEW.intake_id, 0, NEW.institution_id, 1) ON CONFLICT (intake_id, shard) DO UPDATE SET changes = changes + 1; END

DROP TRIGGER app_note_files_changed

CREATE TRIGGER app_note_files_changed AFTER UPDATE ON applications WHEN 'submitted' IN (NEW.state, OLD.state) AND (NEW.state IS NOT OLD.state OR NEW.intake_id IS NOT OLD.intake_id OR NEW.person_id IS NOT OLD.person_id OR NEW.offering_id IS NOT OLD.offering_id OR NEW.number IS NOT OLD.number OR NEW.eligible IS NOT OLD.eligible OR NEW.reasons IS NOT OLD.reasons OR NEW.answers IS NOT OLD.answers) BEGIN INSERT INTO ranking_changes (intake_id, shard, institution_id, changes) VALUES (OLD.intake_id, 0, OLD.institution_id, 1) ON CONFLICT (intake_id, shard) DO UPDATE SET changes = changes + 1; INSERT INTO ranking_changes (intake_id, shard, institution_id, changes) VALUES (NEW.intake_id, 0, NEW.institution_id, 1) ON CONFLICT (intake_id, shard) DO UPDATE SET changes = changes + 1; END
