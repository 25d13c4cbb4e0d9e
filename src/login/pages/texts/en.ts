/** English. */
import type { PageTexts } from './texts.ts';

/** What our pages say in English. */
export const EN: PageTexts = {
  home: 'Go to the front page',
  reference: 'Reference',
  pages: {
    cancelled: {
      title: 'The login was cancelled',
      sentence: 'You did not complete the login, and nothing has changed.',
      advice: 'You can try again whenever you like, or go to the front page.',
      action: 'Log in again',
    },
    'login-failed': {
      title: 'We could not log you in',
      sentence: 'Something went wrong along the way.',
      advice: 'Try once more. If that does not help, contact support and quote the reference below.',
      action: 'Try again',
    },
    'link-too-old': {
      title: 'This login cannot be completed',
      sentence: 'It is too old, or it was started in another browser.',
      advice: 'Log in again. That usually works.',
      action: 'Log in again',
    },
    'too-many-logins': {
      title: 'You are being sent back and forth',
      sentence: 'The page has sent you to log in several times in a short while, although you are already logged in.',
      advice: 'Wait a few seconds before you try again. If it goes on, contact support and quote the reference below.',
      action: 'Try again',
    },
    'stronger-login': {
      title: 'You need to log in more securely',
      sentence: 'This service needs a more secure or more recent login than the one you just used.',
      advice:
        'Log in again, and choose a method with a higher security level. If you were logged in already, you still are.',
      action: 'Log in again',
    },
    'provider-down': {
      title: 'The login service is not responding',
      sentence: 'We cannot reach the service that logs you in.',
      advice: 'Wait a few minutes, and try again.',
      action: 'Try again',
    },
    'store-down': {
      title: 'The service is unavailable right now',
      sentence: 'We cannot check your login. The fault is ours. You have not been logged out.',
      advice: 'Wait a little, and try again. If you were sending something, go back and send it again.',
      action: 'Try again',
    },
    'confirm-logout': {
      title: 'Do you want to log out?',
      sentence: 'You came here from another website, so we ask before we log you out.',
      advice: 'To stay logged in, close this page or go to the front page.',
      action: 'Log out',
    },
    'logging-out': {
      title: 'You are being logged out',
      sentence: 'You are logged out here, and are being taken to the login service to be logged out there too.',
      advice: 'If nothing happens, choose “Finish logging out”.',
      action: 'Finish logging out',
    },
    'signed-out': {
      title: 'You are logged out',
      sentence: 'You are no longer logged in to this service.',
      advice: 'If other people use this device, close the browser as well.',
      action: 'Log in again',
    },
    'sign-in-again': {
      title: 'You need to log in again',
      sentence: 'Your login has expired, so what you sent did not get through.',
      advice: 'Go back in your browser and save what you wrote before you log in again.',
      action: 'Log in again',
    },
    'exchange-refused': {
      title: 'You do not have access to this page',
      sentence: 'Your login does not give access to this part of the service.',
      advice: 'If you think you should have access, contact support and quote the reference below.',
      action: 'Try again',
    },
    'cross-site': {
      title: 'We stopped what you tried to do',
      sentence: 'It was sent here from another website, so we did not act on it. Nothing has changed.',
      advice: 'If this was what you wanted, go to the front page and do it from there.',
      action: 'Go to the front page',
    },
    'signed-in': {
      title: 'You are logged in',
      sentence: 'You are being taken to the page you were going to.',
      advice: 'If nothing happens, choose “Continue”.',
      action: 'Continue',
    },
  },
};
