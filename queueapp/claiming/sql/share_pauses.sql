-- Until the end of this transaction no queue is paused or resumed: what is leased in it was leased before any later pause.
SELECT taskrunner_share_pauses()
