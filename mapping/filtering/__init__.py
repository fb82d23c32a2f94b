"""The filter language of lists: `agent:research* status:failed cost>0.1`, read and applied."""
