"""Lightning pieces shared by every pillar: step-indexed sampling, exact resume, moving averages, time-boxed runs."""
